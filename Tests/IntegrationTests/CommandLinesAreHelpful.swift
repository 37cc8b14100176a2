import Foundation
import RepriseTestSupport
import Testing

/// What the program says of words that it does not know, and what a shell offers.
@Suite(.waits) struct CommandLinesAreHelpful {
    private func run(_ arguments: [String]) throws -> ShellResult {
        try Shell.run([RepriseProcess.program.path] + arguments)
    }

    @Test(arguments: [
        (["serv"], "serve"), (["serv", "-c", "x.yaml"], "serve"), (["chek", "-c", "x.yaml"], "check"),
        (["helth"], "health"), (["help", "serv"], "serve"), (["hlep"], "help"), (["versoin"], "version"),
    ])
    func `a mistyped command is told the one that was meant`(arguments: [String], meant: String) throws {
        let result = try run(arguments)
        let asked = arguments.first == "help" ? arguments[1] : arguments[0]
        #expect(result.status == 64 && result.output.isEmpty, "\(result)")
        #expect(
            result.errors.hasPrefix("Error: Unknown command \"\(asked)\", did you mean \"\(meant)\"?\n"), "\(result)")
    }

    @Test(arguments: ["nonsense", "", "probe-routers"])
    func `a word that is close to no command is only unknown`(word: String) throws {
        let result = try run([word])
        #expect(result.status == 64 && result.errors.hasPrefix("Error: Unknown command \"\(word)\"\n"), "\(result)")
    }

    @Test(arguments: [("serve", "-c"), ("serve", "--config"), ("check", "-c"), ("check", "--config")])
    func `bash offers files for the configuration`(command: String, option: String) throws {
        let folder = RepriseProcess.temporaryFolder()
        for name in ["site.yaml", "site.pem", "other.yaml"] { try Data().write(to: folder.appending(path: name)) }
        let script = """
            cd "$2" && source /dev/stdin <<< "$("$1" --generate-completion-script bash)"
            COMP_WORDS=(reprise "$3" "$4" si); COMP_CWORD=3; COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
            _reprise reprise si "$4" && printf '%s\\n' "${COMPREPLY[@]}"
            """
        let result = try Shell.run([
            "bash", "-c", script, "bash", RepriseProcess.program.path, folder.path, command, option,
        ])
        #expect(result.output.split(separator: "\n").sorted() == ["site.pem", "site.yaml"], "\(result)")
    }

    @Test(arguments: ["zsh", "fish"])
    func `other shells offer files, too`(shell: String) throws {
        let script = try run(["--generate-completion-script", shell]).output
        let offers = script.split(separator: "\n").filter { $0.contains("The configuration file.") }
        #expect(offers.count == 2, "\(script)")
        #expect(offers.allSatisfy { $0.contains(shell == "zsh" ? ":config:_files" : " -rF") }, "\(offers)")
    }
}
