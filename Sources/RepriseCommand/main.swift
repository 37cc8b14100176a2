import ArgumentParser
import CRepriseProcess

/// Every command is read, and so told to people, before any of it is done.
do {
    let arguments = Terminal.arguments
    try RepriseCommand.checkHelp(arguments)
    var command = try RepriseCommand.parseAsRoot(arguments)
    // What serves has handlers of its own, and lets signals through when they are in place.
    if !(command is any Serving) { reprise_release_signals() }
    try command.run()
} catch {
    reprise_release_signals()
    Terminal.leave(error)
}
