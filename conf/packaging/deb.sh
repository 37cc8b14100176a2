#!/bin/sh
# Packs what `make install` installs: .build/reprise_VERSION_ARCHITECTURE.deb, for the Debian that it is built on and
# later ones. DEBFULLNAME and DEBEMAIL name the maintainer, as they do for Debian's own tools.
set -eu
cd "$(dirname "$0")/../.."

stage=.build/packaging/deb
rm -rf "$stage"
umask 022
# The same sources make the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
make --no-print-directory -s install DESTDIR="$stage" prefix=/usr sysconfdir=/etc \
    zshcompletiondir=/usr/share/zsh/vendor-completions

program=$stage/usr/bin/reprise
version=$("$program" version | sed -n 's/^reprise //p')
architecture=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-Reprise} <${DEBEMAIL:-reprise@localhost.localdomain}>"
documents=$stage/usr/share/doc/reprise

# The packages of the libraries that the program is linked with: dpkg-shlibdeps knows the versions too.
if command -v dpkg-shlibdeps >/dev/null; then
    mkdir -p .build/packaging/shlibs/debian "$stage/DEBIAN"
    printf 'Source: reprise\n\nPackage: reprise\nArchitecture: any\n' > .build/packaging/shlibs/debian/control
    depends=$(cd .build/packaging/shlibs && dpkg-shlibdeps -O "../deb/usr/bin/reprise" | sed 's/^shlibs:Depends=//')
else
    depends=$(ldd "$program" | awk '$3 ~ /^\// { print $3 }' | xargs realpath | xargs dpkg -S | cut -d: -f1 \
        | sort -u | paste -sd, | sed 's/,/, /g')
fi

mkdir -p "$stage/DEBIAN"
cp conf/packaging/debian/copyright "$documents/copyright"
gzip -9nc CHANGELOG.md > "$documents/CHANGELOG.md.gz"
printf 'reprise (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.gz.\n\n -- %s  %s\n' \
    "$version" "$maintainer" "$(date -Ru -d "@$SOURCE_DATE_EPOCH")" | gzip -9n > "$documents/changelog.gz"
find "$stage/usr/share/man" -type f -exec gzip -9n {} +
install -D -m 644 conf/packaging/debian/lintian-overrides "$stage/usr/share/lintian/overrides/reprise"

cat > "$stage/DEBIAN/control" <<END
Package: reprise
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -k -s --apparent-size "$stage" | cut -f1)
Depends: $depends, passwd
Section: httpd
Priority: optional
Description: TLS termination with session resumption
 Reprise is a reverse proxy that terminates TLS 1.2 and 1.3 and relays the
 plaintext to servers. A client that returns resumes its session, through
 every ending that says nothing about the session's safety, and is never let
 in where it was not before.
 .
 The service is not started by installing it: /etc/reprise/reprise.yaml names
 certificates and servers that have to be filled in first.
END
echo /etc/reprise/reprise.yaml > "$stage/DEBIAN/conffiles"
(cd "$stage" && find usr -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
for script in postinst prerm postrm; do install -m 755 "conf/packaging/debian/$script" "$stage/DEBIAN/$script"; done

dpkg-deb --root-owner-group --build "$stage" ".build/reprise_${version}_${architecture}.deb"
