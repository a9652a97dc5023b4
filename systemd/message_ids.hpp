// SPDX-License-Identifier: GPL-3.0-or-later
//
// The MESSAGE_ID of each kind of journal entry that is worth finding again, and the fields that go with it.
// micguard.catalog explains them to people (journalctl -x); a test keeps the two together. Never reuse an id.
#pragma once

namespace micguard::message_id {

// MICGUARD_REASON: by whom or why, for people; may be empty
inline constexpr char muted[] = "1dc6e56c2c734403a28b8b1f267893fb";
// No fields of its own
inline constexpr char unmuted[] = "70d31b19c91548d8a4031c52277e8528";
// MICGUARD_APP, MICGUARD_REASON
inline constexpr char blocked[] = "ead2905dee5f4fe58a37bd3e18f63aef";
// No fields of its own: MESSAGE says what happened
inline constexpr char degraded[] = "090f1a20b3ba4e6f949704262a2d899f";

inline constexpr const char* all[] = {muted, unmuted, blocked, degraded};

} // namespace micguard::message_id
