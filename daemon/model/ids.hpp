// SPDX-License-Identifier: GPL-3.0-or-later
//
// The two numbers PipeWire names an object by. Ids are re-used as soon as an object is gone, serials never
// are (object.serial): what has to be remembered is remembered by serial, what is sent is sent by id.
#pragma once

#include <cstdint>

namespace micguard {

enum class GlobalId : std::uint32_t {};
enum class Serial : std::uint64_t {};

inline constexpr GlobalId nobodysId{0xffffffff}; // no object bears it

constexpr std::uint32_t raw(GlobalId id) {
    return static_cast<std::uint32_t>(id);
}
constexpr std::uint64_t raw(Serial serial) {
    return static_cast<std::uint64_t>(serial);
}

} // namespace micguard
