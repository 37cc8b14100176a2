#!/bin/sh
# Has a built program write what is installed beside it: generate.sh PROGRAM FOLDER
set -eu
program=$1
folder=$2
here=$(dirname "$0")

# The toolchain's folder is not there where this is installed: the program must bring its runtime with it.
if ldd "$program" | grep -q libswift; then
    echo "$program needs the toolchain's libraries; \`make release\` builds one that does not" >&2
    exit 1
fi
# The pages' date is that of the sources.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
mkdir -p "$folder"
"$program" --experimental-dump-help > "$folder/help.json"
"$program" schema > "$folder/schema.json"
version=$("$program" version | sed -n 's/^reprise //p')
python3 "$here/man.py" "$folder/help.json" "$folder/schema.json" "$version" "$folder"
for shell in bash zsh fish; do
    # They are read by the shell, never run.
    "$program" --generate-completion-script "$shell" | sed '1{/^#!/d}' > "$folder/reprise.$shell"
done
