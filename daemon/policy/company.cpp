// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/policy/company.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <tuple>
#include <utility>

namespace micguard {
namespace {

bool fits(const std::vector<std::uint32_t>& patterns, std::uint32_t pattern) {
    return std::binary_search(patterns.begin(), patterns.end(), pattern);
}

bool lets(const Dependence& demand, Ruling ruling) {
    return demand.loosest && ruling <= *demand.loosest;
}

// Groups of nodes that reach each other (Tarjan), those that a group reaches before it. On the heap: a chain
// may be as long as there are nodes.
class Components {
  public:
    explicit Components(const std::vector<std::vector<std::size_t>>& edges)
        : edges_(edges)
        , number_(edges.size(), none)
        , low_(edges.size())
        , open_(edges.size()) {
        for (std::size_t node = 0; node < edges.size(); node++)
            if (number_[node] == none)
                walk(node);
    }
    std::vector<std::vector<std::size_t>> groups;

  private:
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    void enter(std::size_t node) {
        number_[node] = low_[node] = next_++;
        stack_.push_back(node);
        open_[node] = true;
        path_.emplace_back(node, 0);
    }

    void walk(std::size_t start) {
        enter(start);
        while (!path_.empty()) {
            const auto [node, edge] = path_.back();
            if (edge < edges_[node].size()) {
                path_.back().second++;
                const std::size_t to = edges_[node][edge];
                if (number_[to] == none)
                    enter(to);
                else if (open_[to])
                    low_[node] = std::min(low_[node], number_[to]);
                continue;
            }
            path_.pop_back();
            if (!path_.empty())
                low_[path_.back().first] = std::min(low_[path_.back().first], low_[node]);
            if (low_[node] != number_[node])
                continue;
            groups.emplace_back();
            for (std::size_t member = none; member != node;) {
                member = stack_.back();
                stack_.pop_back();
                open_[member] = false;
                groups.back().push_back(member);
            }
        }
    }

    const std::vector<std::vector<std::size_t>>& edges_;
    std::vector<std::size_t> number_, low_, stack_;
    std::vector<bool> open_;
    std::vector<std::pair<std::size_t, std::size_t>> path_; // node, its next edge
    std::size_t next_ = 0;
};

} // namespace

Company::Company(const RuleBook& book, std::vector<Party> parties)
    : book_(&book)
    , parties_(std::move(parties))
    , nodes_(parties_.size()) {
    for (std::size_t party = 0; party < parties_.size(); party++) {
        Node& node = nodes_[party];
        node.fits = book.fitting(parties_[party].app.value);
        node.hinges = hingesOf(parties_[party].demands);
        for (const auto pattern : node.fits)
            fitting_[pattern].push_back(party);
        for (const auto& hinge : node.hinges)
            hanging_[hinge.pattern].push_back(party);
    }
    const auto all = groups();
    number(all);
    for (const auto& group : all)
        if (goesRound(group))
            settleByOrder(group);
        else
            settleByNow(group);
    for (std::size_t party = 0; party < parties_.size(); party++)
        note(party);
}

// In the order of their steps. None: it is the same whoever captures.
std::vector<Company::Hinge> Company::hingesOf(const std::vector<Dependence>& demands) {
    std::vector<Hinge> hinges;
    for (const auto& demand : demands) {
        bool otherwise = micguard::lets(demand, demand.otherwise);
        std::size_t count = 0;
        // Behind a claim that shuts nothing makes a difference.
        while (count < demand.steps.size() &&
               (demand.steps[count].pattern || micguard::lets(demand, demand.steps[count].action)))
            count++;
        if (count < demand.steps.size())
            otherwise = false;
        while (count > 0 && micguard::lets(demand, demand.steps[count - 1].action) == otherwise)
            count--;
        for (std::size_t at = 0; at < count; at++)
            if (const auto& step = demand.steps[at]; step.pattern)
                hinges.push_back({*step.pattern, micguard::lets(demand, step.action), step.rule});
        // What never lets makes the others matter to nobody.
        if (count == 0 && !otherwise)
            return {};
    }
    return hinges;
}

// As RuleBook::force() has it: another application, and one that is only claimed is another one than those
// that are known.
Company::Truth Company::truth(std::uint32_t pattern, const Fact& self, const Presence& presence,
                              const Guest* with) const {
    Truth result = Truth::No;
    if (const auto found = presence.find(pattern); found != presence.end()) {
        const auto& [known, claimed] = found->second;
        if (known.size() > (self.known && known.contains(self.value) ? 1U : 0U))
            return Truth::Known;
        if (claimed.size() > (claimed.contains(self.value) ? 1U : 0U))
            result = Truth::Claimed;
    }
    if (!with || !micguard::fits(with->fits, pattern) ||
        (with->app->value == self.value && (self.known || !with->app->known)))
        return result;
    return with->app->known ? Truth::Known : Truth::Claimed;
}

// As RuleBook::outcome() has it.
Ruling Company::rulingOf(const Dependence& demand, const Fact& self, const Presence& presence,
                         const Guest* with) const {
    std::vector<Truth> truths;
    Ruling floor = demand.otherwise;
    for (const auto& step : demand.steps) {
        const Truth is = step.pattern ? truth(*step.pattern, self, presence, with) : Truth::Known;
        if (is == Truth::Known && !step.claimed) {
            floor = step.action;
            break;
        }
        truths.push_back(is);
    }
    for (std::size_t at = 0; at < truths.size(); at++)
        if (truths[at] != Truth::No && demand.steps[at].action >= floor)
            return demand.steps[at].action;
    return floor;
}

bool Company::lets(std::size_t party, const Presence& presence, const Guest* with) const {
    const Party& self = parties_[party];
    return std::all_of(self.demands.begin(), self.demands.end(), [&](const Dependence& demand) {
        return micguard::lets(demand, rulingOf(demand, self.app, presence, with));
    });
}

void Company::change(Presence& presence, std::size_t party, bool known, int by) const {
    const std::string_view name = parties_[party].app.value;
    for (const auto pattern : nodes_[party].fits) {
        auto& names = known ? presence[pattern].known : presence[pattern].claimed;
        const auto it = names.try_emplace(name, 0).first;
        it->second = static_cast<unsigned>(static_cast<int>(it->second) + by);
        if (it->second == 0)
            names.erase(it);
    }
}

bool Company::isShutOutBy(const Guest& guest, std::size_t party) const {
    const Presence& presence = nodes_[party].byOrder ? all_ : seen_;
    return nodes_[party].in && lets(party, presence) && !lets(party, presence, &guest);
}

std::vector<std::size_t> Company::contradicted() const {
    std::vector<std::size_t> found;
    for (std::size_t party = 0; party < parties_.size(); party++)
        if (nodes_[party].byOrder && !nodes_[party].in && lets(party, all_))
            found.push_back(party);
    return found;
}

Company::Guest Company::guest(const Fact& app) const {
    Guest guest{&app, book_->fitting(app.value), {}};
    for (const auto pattern : guest.fits)
        if (const auto hanging = hanging_.find(pattern); hanging != hanging_.end())
            std::copy_if(hanging->second.begin(), hanging->second.end(), std::back_inserter(guest.shutsOut),
                         [&](std::size_t party) { return isShutOutBy(guest, party); });
    return guest;
}

// Of parties, the ones on which a group hangs before it.
std::vector<std::vector<std::size_t>> Company::groups() const {
    std::vector<std::vector<std::size_t>> edges(parties_.size());
    std::array<std::unordered_map<std::uint32_t, std::size_t>, 2> patterns; // those that let are apart
    for (std::size_t party = 0; party < parties_.size(); party++)
        for (const auto& hinge : nodes_[party].hinges) {
            const auto [place, isNew] =
                patterns.at(hinge.lets ? 1 : 0).try_emplace(hinge.pattern, edges.size());
            edges[party].push_back(place->second);
            if (!isNew)
                continue;
            edges.emplace_back();
            if (const auto fitting = fitting_.find(hinge.pattern); fitting != fitting_.end())
                for (const std::size_t other : fitting->second)
                    if (!hinge.lets || parties_[other].app.known)
                        edges.back().push_back(other);
        }
    auto groups = Components(edges).groups;
    for (auto& group : groups) {
        std::erase_if(group, [&](std::size_t node) { return node >= parties_.size(); });
        std::sort(group.begin(), group.end(), [&](std::size_t a, std::size_t b) {
            return std::tie(parties_[a].since, parties_[a].app, a) <
                   std::tie(parties_[b].since, parties_[b].app, b);
        });
    }
    std::erase_if(groups, [](const auto& group) { return group.empty(); });
    return groups;
}

void Company::number(const std::vector<std::vector<std::size_t>>& groups) {
    for (const auto& group : groups) {
        Bits reached(parties_.size());
        for (const std::size_t party : group) {
            nodes_[party].group = reached_.size();
            reached.set(party);
        }
        reached_.push_back(std::move(reached));
        Bits& all = reached_.back();
        for (const std::size_t party : group)
            reach(nodes_[party].hinges, all);
    }
}

// One of them can be kept out by another one of them: so nobody can say what comes of it by looking at one
// after the other.
bool Company::goesRound(const std::vector<std::size_t>& group) const {
    if (group.size() == 1)
        return false;
    std::vector<bool> member(parties_.size());
    for (const std::size_t party : group)
        member[party] = true;
    return std::any_of(group.begin(), group.end(), [&](std::size_t party) {
        const auto& hinges = nodes_[party].hinges;
        return std::any_of(hinges.begin(), hinges.end(), [&](const Hinge& hinge) {
            const auto fitting = fitting_.find(hinge.pattern);
            return !hinge.lets && fitting != fitting_.end() &&
                   std::any_of(fitting->second.begin(), fitting->second.end(), [&](std::size_t other) {
                       return member[other] && parties_[other].app != parties_[party].app;
                   });
        });
    });
}

void Company::settleByNow(const std::vector<std::size_t>& group) {
    const auto put = [&](std::size_t party, int by) {
        change(all_, party, parties_[party].app.known, by);
        change(seen_, party, parties_[party].app.known, by);
    };
    for (const std::size_t party : group)
        if (parties_[party].captures) {
            nodes_[party].in = true;
            put(party, 1);
        }
    // Nobody of them is kept out by another one of them, so who has to go takes others with him and lets in
    // none.
    for (bool again = true; std::exchange(again, false);)
        for (const std::size_t party : group)
            if (nodes_[party].in && !lets(party, seen_)) {
                nodes_[party].in = false;
                put(party, -1);
                again = true;
            }
}

void Company::settleByOrder(const std::vector<std::size_t>& group) {
    for (const std::size_t party : group)
        nodes_[party].byOrder = true;
    const auto shutsOutAny = [&](const Guest& guest) {
        return std::any_of(guest.fits.begin(), guest.fits.end(), [&](std::uint32_t pattern) {
            const auto hanging = hanging_.find(pattern);
            return hanging != hanging_.end() &&
                   std::any_of(hanging->second.begin(), hanging->second.end(), [&](std::size_t other) {
                       return nodes_[other].group == nodes_[group.front()].group && isShutOutBy(guest, other);
                   });
        });
    };
    for (bool again = true; std::exchange(again, false);)
        for (const std::size_t party : group) {
            Node& node = nodes_[party];
            if (node.in || !lets(party, all_) || shutsOutAny({&parties_[party].app, node.fits, {}}))
                continue;
            node.in = true;
            change(all_, party, parties_[party].app.known, 1);
            again = true;
        }
    for (const std::size_t party : group)
        if (nodes_[party].in)
            change(seen_, party, parties_[party].app.known && parties_[party].captures, 1);
}

void Company::note(std::size_t party) {
    const auto& [app, since, captures, demands] = parties_[party];
    if (nodes_[party].in)
        (app.known && captures ? capturing_ : claimedCapturing_).insert(app.value);
}

// Of groups that are numbered already.
void Company::reach(const std::vector<Hinge>& hinges, Bits& reached) const {
    for (const auto& hinge : hinges)
        if (const auto fitting = fitting_.find(hinge.pattern); fitting != fitting_.end())
            for (const std::size_t party : fitting->second)
                if (!reached.has(party) && (!hinge.lets || parties_[party].app.known))
                    reached |= reached_[nodes_[party].group];
}

std::optional<Contradiction> Company::contradiction(const Guest& guest,
                                                    const std::vector<Dependence>& demands,
                                                    std::optional<std::size_t> party) const {
    const bool refused = party && nodes_[*party].byOrder && !nodes_[*party].in;
    if ((party && nodes_[*party].in) || (guest.shutsOut.empty() && !refused))
        return std::nullopt;
    const auto own = hingesOf(demands);
    if (own.empty())
        return std::nullopt;
    Bits reached(parties_.size());
    reach(own, reached);
    const auto first = std::find_if(guest.shutsOut.begin(), guest.shutsOut.end(),
                                    [&](std::size_t other) { return reached.has(other); });
    const bool found = first != guest.shutsOut.end();
    if (!found && !refused)
        return std::nullopt;

    Contradiction result;
    for (const auto& demand : demands) {
        result.ruling = std::max(result.ruling, demand.otherwise);
        for (const auto& step : demand.steps)
            result.ruling = std::max(result.ruling, step.action);
    }
    // Round from him to the other one and back.
    std::vector<std::size_t> circle;
    for (std::size_t other = 0; found && other < parties_.size(); other++)
        if (reached.has(other) && reached_[nodes_[other].group].has(*first))
            circle.push_back(other);
    const auto name = [&](const std::vector<Hinge>& hinges) {
        for (const auto& hinge : hinges)
            if (micguard::fits(guest.fits, hinge.pattern) ||
                std::any_of(circle.begin(), circle.end(), [&](std::size_t other) {
                    return micguard::fits(nodes_[other].fits, hinge.pattern);
                }))
                result.rules.push_back(hinge.rule);
    };
    name(own);
    for (const std::size_t other : circle)
        name(nodes_[other].hinges);
    if (result.rules.empty())
        for (const auto& hinge : own)
            result.rules.push_back(hinge.rule);
    std::sort(result.rules.begin(), result.rules.end());
    result.rules.erase(std::unique(result.rules.begin(), result.rules.end()), result.rules.end());
    if (found)
        result.first = parties_[*first].app.value;
    return result;
}

} // namespace micguard
