// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the exposure report says in words, on the terminal and on the page. Pure.
#pragma once

#include "cli/report_facts.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace micguard::cli {

// Foreign text for HTML, also within quotes: without control characters and changes of direction, and escaped.
std::string escaped(std::string_view foreign);

// "0.3 s", "12 s", "3 min 5 s", "2 h 5 min"
std::string timeSpent(std::uint64_t usec);
// "1 234 567", with narrow no-break spaces
std::string grouped(std::uint64_t number);
// "", "all", "3 of 4": in how many of its mutes it was as it is classed
std::string howMany(const Exposure& row);
// What a class means, in a sentence's end; "" if this version does not know it.
std::string_view meaning(std::string_view judged);

// What the report cannot know: paragraphs, the same wherever it is shown.
inline constexpr std::string_view whatItKnows =
    "An application does not see that the system holds the mute. What is told here is what its streams did "
    "meanwhile, and no "
    "verdict on its own mute button: a web page that mutes itself keeps its stream running, too.";
inline constexpr std::string_view whatItGot =
    "Whatever was asked for while the system held the mute was given as silence, or not at all. The "
    "microphones named are what "
    "it would have heard.";
inline constexpr std::string_view whatIsAssumed =
    "Where links are cut (mode sever), PipeWire does not tell whether a stream is paused, except of the "
    "Pulse server's. There the "
    "stream is taken to go on as it was before, and one that was opened meanwhile to ask.";
inline constexpr std::string_view whatIsCounted =
    "Samples are reckoned by the graph's usual rate and the channels linked. What an application does with "
    "them, and what it "
    "sends, is not seen.";
inline constexpr std::string_view whatOwnMuteIs =
    "Its own mute: the application has told the system that its mute button is pressed (MuteOwnStreams), and "
    "this is what it "
    "asked for nevertheless, as long as it had a stream.";

} // namespace micguard::cli
