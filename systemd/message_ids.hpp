// SPDX-License-Identifier: GPL-3.0-or-later
//
// The MESSAGE_ID of each kind of journal entry. Which fields go with it is said in daemon/journal/line.cpp, what it means to people
// in micguard.catalog (journalctl -x) and docs/journal-fields.md; a test keeps them together. Never reuse an id.
#pragma once

namespace micguard::message_id {

inline constexpr char muted[] = "1dc6e56c2c734403a28b8b1f267893fb";
inline constexpr char unmuted[] = "70d31b19c91548d8a4031c52277e8528";
inline constexpr char blocked[] = "ead2905dee5f4fe58a37bd3e18f63aef";
inline constexpr char asked[] = "46d7c18a93744ca5a77bfc56d076f1a1";
inline constexpr char answered[] = "8db5e0bc0f2644ed858ba65108e0d52e";
inline constexpr char lapsed[] = "0f474b291e8f4b4c98d2bb415b133bdd";
inline constexpr char refused[] = "c3a7b3b1f0a94e1a9b6a54f1d92f7c08";
inline constexpr char warned[] = "ba0dbc558c6344868c7cc00fb3142ca3";
inline constexpr char degraded[] = "090f1a20b3ba4e6f949704262a2d899f";
inline constexpr char warningOver[] = "49d451c85a834df5b5bf15abc9ca7c3d";
inline constexpr char bypassed[] = "4e6751c1fba9478d87ae9998d8c4425b";
inline constexpr char bypassOver[] = "8bd9a2e211274401bcd07b90efb76a37";
inline constexpr char omitted[] = "008bb40b8a42486b8843985928619804";

} // namespace micguard::message_id
