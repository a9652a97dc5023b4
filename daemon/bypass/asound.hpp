// SPDX-License-Identifier: GPL-3.0-or-later
//
// Who has an ALSA capture device open, as the kernel says in /proc/asound. Such a process hears the
// microphone past PipeWire, so no mute of ours reaches it. Reads files only; both roots can be another folder
// for tests. A status file waits for a driver that is busy opening: not for the main loop.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace micguard {

struct PcmStatus {
    std::string state; // as the kernel writes it: "RUNNING", "SETUP" …
    pid_t thread = 0;  // whoever opened it, a thread; 0: of another pid namespace
};

// Of one status file; none: it is closed, or not understood.
std::optional<PcmStatus> parsePcmStatus(std::string_view text);

struct CaptureHolder {
    std::string device;     // "card0/pcm0c/sub0"
    unsigned numbers[3]{};  // of card, device and subdevice
    std::string card;       // the card's own id, "PCH"; empty if unreadable
    std::string state;      // see PcmStatus
    pid_t thread = 0;       // see PcmStatus
    pid_t process = 0;      // its process; 0 if it is gone or cannot be looked at
    std::string name;       // of the process, chosen by itself
    std::string executable; // "" if unreadable
};

// As ALSA's tools call it: "hw:0,0", or "hw:0,0,1" for a subdevice that is not the first.
std::string alsaName(const CaptureHolder& holder);

// "card0/pcm0c/sub0" -> "/dev/snd/pcmC0D0c" without its folder.
std::string nodeName(const CaptureHolder& holder);

// Of "pcmC0D0c": such a device captures.
bool isCaptureNode(std::string_view name);

struct AsoundReport {
    bool readable = false; // the folder is there
    unsigned captureDevices = 0;
    std::vector<CaptureHolder> holders; // ordered by device
};

AsoundReport captureHolders(const std::filesystem::path& asound, const std::filesystem::path& proc = "/proc");

} // namespace micguard
