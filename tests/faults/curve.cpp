// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/faults/curve.hpp"

#include "tests/faults/growth.hpp"
#include "tests/support/figures.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdio>
#include <string>

namespace micguard::test {
namespace {

// Whether it grew by more than it may.
bool tell(const char* what, const std::vector<std::uint64_t>& samples, std::uint64_t more) {
    if (samples.size() < samplesToJudge)
        return false;
    const Growth growth = growthOf(samples);
    std::printf("      %s: %llu, %llu; one in ten:", what, static_cast<unsigned long long>(growth.middle),
                static_cast<unsigned long long>(growth.last));
    for (std::size_t tenth = 0; tenth <= 10; tenth++)
        std::printf(" %llu", static_cast<unsigned long long>(samples.at((samples.size() - 1) * tenth / 10)));
    std::printf("\n");
    return growth.by(more);
}

} // namespace

void Curve::sample(pid_t pid, Guard& guard) {
    const auto size = [](const Life& life) { return life.descriptors.size(); };
    if (lives_.empty() || lives_.back().pid != pid) {
        if (lives_.size() == 2)
            lives_.erase(size(lives_[0]) < size(lives_[1]) ? lives_.begin() : lives_.begin() + 1);
        lives_.push_back({pid, {}, {}, {}});
    }
    Life& life = lives_.back();
    const auto facts = guard.diagnostics();
    if (const auto allocated = facts.find("memory.allocated-kib");
        allocated != facts.end() && !isSanitized(pid))
        life.allocated.push_back(std::stoull(allocated->second));
    life.anonymous.push_back(anonymousKib(pid));
    life.descriptors.push_back(openDescriptors(pid));
}

void Curve::check(bool wanted, std::uint64_t anonymousMay) const {
    const auto longest = std::max_element(lives_.begin(), lives_.end(), [](const Life& a, const Life& b) {
        return a.descriptors.size() < b.descriptors.size();
    });
    const std::size_t samples = longest == lives_.end() ? 0 : longest->descriptors.size();
    const bool judged = samples >= samplesToJudge;
    std::printf("      memory: %zu samples of one micguardd at most%s\n", samples,
                judged ? "; lower quartiles of the middle and the last third:" : ", too few to be judged");
    if (wanted)
        CHECK(judged);
    if (!judged)
        return;
    CHECK_FALSE(tell("allocated, KiB", longest->allocated, allocatedMore));
    const bool anonymous = tell("anonymous memory, KiB", longest->anonymous, anonymousMay);
    CHECK((isSanitized(longest->pid) || !anonymous));
    CHECK_FALSE(tell("descriptors", longest->descriptors, descriptorsMore));
}

} // namespace micguard::test
