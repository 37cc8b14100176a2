import Glibc

/// What a shard keeps besides records and slots. It lies in the store's memory, on cache lines of its own.
struct ShardState {
    /// A thread holds it to touch anything else of the shard.
    var mutex = pthread_mutex_t()
    /// Where the next record goes.
    var head = 0
    /// Where the oldest record is.
    var tail = 0
    /// Bytes of the record area from tail to head, dead records and fillers among them.
    var used = 0
    /// Of these, how many from the tail on are forgotten, but not yet wiped.
    var flushed = 0
    /// Slots that are taken, by forgotten sessions too.
    var indexed = 0
    /// What the operator sees.
    var counts = StoreCounts()
}
