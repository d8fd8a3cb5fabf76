extension Duration {
    /// `count` per second over this time; 0 when there was nothing, or no time to tell it by.
    public func rate(of count: Int) -> Double {
        count > 0 && self > .zero ? Double(count) / (self / .seconds(1)) : 0
    }
}
