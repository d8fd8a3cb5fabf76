/// Who is served next: weighted fair sharing over tenants, priorities among what one tenant waits for.
///
/// Start-time fair queueing (Goyal, Vin, Cheng 1996): each tenant has a virtual time that grows by the tokens it is
/// served, divided by its weight; the one that is least far goes first. A tenant that comes back begins where the
/// others are: being idle saves nothing up. Tokens are charged when a request is taken, by an estimate that is
/// corrected when it ends, so that many places that become free at once do not all go to one tenant.
struct FairQueue<Item> {
    /// Tokens that a tenant may be ahead of another of equal weight and still go first, when what it waits for is
    /// more urgent. Bounded, so that priority decides who waits less and never who gets more.
    static var priorityLead: Double { 8192 }

    private struct Tenant {
        var weight = 1.0
        var virtualTime = 0.0
        /// Taken and not ended.
        var servedCount = 0
        /// By priority, most urgent first, each in order of arrival.
        var waiting: [[Item]] = Array(repeating: [], count: GenerationRequest.Priority.allCases.count)

        var waitingCount: Int { waiting.reduce(0) { $0 + $1.count } }
        var isActive: Bool { servedCount > 0 || waiting.contains { !$0.isEmpty } }
        var urgency: Int { waiting.firstIndex { !$0.isEmpty } ?? Int.max }
    }

    private var tenants: [String: Tenant] = [:]
    /// Where the tenant that was served last stands.
    private var virtualTime = 0.0
    /// Items that wait.
    private(set) var count = 0

    init() {}

    var isEmpty: Bool { count == 0 }

    /// An item waits; `atFront` for one that was taken already and had to come back.
    mutating func add(
        _ item: Item, tenant name: String, weight: Double, priority: GenerationRequest.Priority, atFront: Bool = false
    ) {
        var tenant = tenants[name] ?? Tenant()
        if !tenant.isActive { tenant.virtualTime = max(tenant.virtualTime, virtualTime) }
        tenant.weight = weight
        let level = Self.level(priority)
        if atFront { tenant.waiting[level].insert(item, at: 0) } else { tenant.waiting[level].append(item) }
        tenants[name] = tenant
        count += 1
    }

    private static func level(_ priority: GenerationRequest.Priority) -> Int {
        GenerationRequest.Priority.allCases.count - 1 - priority.rawValue
    }

    /// Who goes next; `nil` when nobody waits.
    private func nextTenant() -> String? {
        // Asked in every turn.
        guard count > 0 else { return nil }
        let waiting = tenants.filter { $0.value.waitingCount > 0 }
        // Names only make the choice the same each time.
        guard let least = waiting.min(by: { ($0.value.virtualTime, $0.key) < ($1.value.virtualTime, $1.key) }) else {
            return nil
        }
        let lead = least.value.virtualTime + Self.priorityLead / least.value.weight
        return waiting.filter {
            $0.value.weight == least.value.weight && $0.value.virtualTime <= lead
                && $0.value.urgency < least.value.urgency
        }.min { ($0.value.urgency, $0.value.virtualTime, $0.key) < ($1.value.urgency, $1.value.virtualTime, $1.key) }?
        .key ?? least.key
    }

    /// The item that `take` would give.
    func first() -> Item? {
        guard let name = nextTenant(), let tenant = tenants[name], tenant.urgency < tenant.waiting.count else {
            return nil
        }
        return tenant.waiting[tenant.urgency].first
    }

    /// Takes the next item; `charge` tells its tokens.
    mutating func take(charge: (Item) -> Int) -> Item? {
        guard let name = nextTenant(), var tenant = tenants[name], tenant.urgency < tenant.waiting.count else {
            return nil
        }
        let item = tenant.waiting[tenant.urgency].removeFirst()
        virtualTime = max(virtualTime, tenant.virtualTime)
        tenant.virtualTime += Double(charge(item)) / tenant.weight
        tenant.servedCount += 1
        tenants[name] = tenant
        count -= 1
        return item
    }

    /// A tenant was served more tokens than it was charged for, or fewer.
    mutating func correct(tenant name: String, by tokenCount: Int) {
        guard var tenant = tenants[name], tokenCount != 0 else { return }
        tenant.virtualTime += Double(tokenCount) / tenant.weight
        tenants[name] = tenant
    }

    /// What was taken has ended, or comes back.
    mutating func end(tenant name: String) {
        guard var tenant = tenants[name] else { return }
        tenant.servedCount = max(0, tenant.servedCount - 1)
        tenants[name] = tenant
        // Who is not ahead of the others is as good as new.
        if !tenant.isActive, tenant.virtualTime <= virtualTime { tenants[name] = nil }
        // Names of tenants come from outside: those that are gone must not pile up.
        if tenants.count > 1024 { tenants = tenants.filter { $0.value.isActive } }
    }

    /// Whether something waits of which this is true.
    func contains(where condition: (Item) -> Bool) -> Bool {
        tenants.values.contains { $0.waiting.contains { $0.contains(where: condition) } }
    }

    /// How many different keys what waits has, but what is left out.
    func distinctCount<Key: Hashable>(_ key: (Item) -> Key, excluding isLeftOut: (Item) -> Bool) -> Int {
        var keys: Set<Key> = []
        for tenant in tenants.values {
            for level in tenant.waiting { for item in level where !isLeftOut(item) { keys.insert(key(item)) } }
        }
        return keys.count
    }

    /// Takes out what `isGone` says, and returns it.
    mutating func remove(where isGone: (Item) -> Bool) -> [Item] {
        var gone: [Item] = []
        guard count > 0 else { return gone }
        for name in Array(tenants.keys) {
            guard var tenant = tenants[name], tenant.waitingCount > 0 else { continue }
            for level in tenant.waiting.indices where tenant.waiting[level].contains(where: isGone) {
                gone += tenant.waiting[level].filter(isGone)
                tenant.waiting[level].removeAll(where: isGone)
            }
            tenants[name] = tenant.isActive || tenant.virtualTime > virtualTime ? tenant : nil
        }
        count -= gone.count
        return gone
    }

    /// All that waits, in the order in which it would be taken if each were charged the same.
    func order(charge: (Item) -> Int) -> [Item] {
        var rest = self
        var items: [Item] = []
        while let item = rest.take(charge: charge) { items.append(item) }
        return items
    }
}
