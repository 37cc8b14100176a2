/// A value in memory of its own, for what few connections have: the others have room for a reference alone.
package final class Boxed<Value> {
    package let value: Value

    package init(_ value: Value) { self.value = value }
}
