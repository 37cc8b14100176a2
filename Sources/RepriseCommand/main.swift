import ArgumentParser
import CRepriseProcess

/// Parses the whole command line, and reports its errors, before doing anything.
do {
    let arguments = Terminal.arguments
    try RepriseCommand.checkCommand(arguments)
    var command = try RepriseCommand.parseAsRoot(arguments)
    // A command that serves has handlers of its own, and unblocks signals when they are in place.
    if !(command is any Serving) { reprise_release_signals() }
    try command.run()
} catch {
    reprise_release_signals()
    Terminal.leave(error)
}
