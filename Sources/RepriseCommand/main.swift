import ArgumentParser
import CProcess

/// Every command is read, and so told to people, before any of it is done.
do {
    var command = try RepriseCommand.parseAsRoot(Terminal.arguments)
    // What serves has handlers of its own, and lets signals through when they are in place.
    if !(command is any Serving) { reprise_release_signals() }
    try command.run()
} catch {
    reprise_release_signals()
    RepriseCommand.exit(withError: error)
}
