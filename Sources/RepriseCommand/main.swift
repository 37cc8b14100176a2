import ArgumentParser

RepriseCommand.main()
