// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/ask.hpp"

#include "cli/text.hpp"

#include <nlohmann/json.hpp>

namespace micguard::cli {

namespace {

template <typename T>
Answer<T> sense(tl::expected<T, std::string> read) {
    if (!read)
        return tl::unexpected(CallError{Exit::Failed, "cannot make sense of the guard's answer (" +
                                                          read.error() + "); is it of another version?"});
    return std::move(*read);
}

} // namespace

Answer<GuardFacts> askGuard(Guard& guard) {
    auto properties = guard.properties();
    if (!properties)
        return tl::unexpected(properties.error());
    return sense(guardFacts(*properties));
}

Answer<Objects> askObjects(Guard& guard) {
    auto managed = guard.objects();
    if (!managed)
        return tl::unexpected(managed.error());
    return sense(objectsFrom(*managed));
}

Answer<ApplicationFacts> askApplication(Guard& guard, const std::string& called) {
    const auto objects = askObjects(guard);
    if (!objects)
        return tl::unexpected(objects.error());
    const auto found = objects->applicationCalled(called);
    if (!found)
        return tl::unexpected(CallError{Exit::No, found.error()});
    return **found;
}

} // namespace micguard::cli
