// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who has an ALSA capture device open, as the kernel says in /proc/asound. Such a process hears the
// microphone past PipeWire, so no mute of ours reaches it. Reads files only; both roots can be another folder
// for tests.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace micguard::cli {

struct CaptureHolder {
    std::string device;     // "card0/pcm0c/sub0"
    std::string card;       // the card's own id, "PCH"; empty if unreadable
    std::string state;      // as the kernel writes it: "RUNNING", "SETUP" …
    pid_t thread = 0;       // whoever opened it: a thread, not always the process
    pid_t process = 0;      // its process; 0 if it is gone or cannot be looked at
    std::string name;       // of the process, chosen by itself
    std::string executable; // "" if unreadable
};

// Of one status file. Closed or not understood: thread is 0.
CaptureHolder parsePcmStatus(std::string_view text);

struct AsoundReport {
    bool readable = false; // the folder is there
    unsigned captureDevices = 0;
    std::vector<CaptureHolder> holders; // ordered by device
};

AsoundReport captureHolders(const std::filesystem::path& asound, const std::filesystem::path& proc = "/proc");

} // namespace micguard::cli
