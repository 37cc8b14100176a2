internal import RepriseEventLoop
// `import Reprise` is all that an embedding program writes: sessions and the vocabulary come with it.
@_exported public import RepriseResumption
@_exported public import RepriseRouting
@_exported public import RepriseVocabulary

extension WallTime {
    /// The system's clock now (CLOCK_REALTIME), as Reprise judges sessions by it.
    public static var now: WallTime { Clocks.wall() }
}
