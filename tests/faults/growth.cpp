// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/faults/growth.hpp"

#include <algorithm>
#include <stdexcept>

namespace micguard::test {
namespace {

std::uint64_t lowerQuartile(std::vector<std::uint64_t> values) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 4);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

} // namespace

Growth growthOf(const std::vector<std::uint64_t>& samples) {
    if (samples.size() < samplesToJudge)
        throw std::logic_error("too few samples to tell whether anything grows");
    const auto third = static_cast<std::ptrdiff_t>(samples.size() / 3);
    return {lowerQuartile({samples.end() - 2 * third, samples.end() - third}),
            lowerQuartile({samples.end() - third, samples.end()})};
}

} // namespace micguard::test
