/// A value that few connections have, or for a short time: it is kept elsewhere, and the others have room for a reference
/// alone.
@propertyWrapper
package struct Seldom<Value> {
    fileprivate indirect enum Place {
        case nowhere
        case there(Value)
    }

    private var place = Place.nowhere

    package init() {}

    package var wrappedValue: Value? {
        get { if case .there(let value) = place { value } else { nil } }
        set { place = newValue.map { .there($0) } ?? .nowhere }
    }
}

extension Seldom.Place: Sendable where Value: Sendable {}
extension Seldom: Sendable where Value: Sendable {}
