// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/ask.hpp"

#include "cli/text.hpp"
#include "protocol/names.hpp"

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

Answer<std::string> askText(Guard& guard, const char* property) {
    auto value = guard.property(property);
    if (!value)
        return tl::unexpected(value.error());
    if (!value->is_string())
        return sense<std::string>(
            tl::unexpected("property " + std::string(property) + " is of another type"));
    return value->get<std::string>();
}

// Nearly always nobody does, so that is asked first.
std::string stillMutedBy(Guard& guard) {
    const auto muted = guard.property(names::guard::property::muted);
    if (!muted || !muted->is_boolean() || !muted->get<bool>())
        return {};
    const auto facts = askGuard(guard);
    return facts && facts->muted ? whoHolds(*facts) : std::string();
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
