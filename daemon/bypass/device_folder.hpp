// SPDX-License-Identifier: GPL-3.0-or-later
//
// Sees that somebody opens or closes a capture device of a sound card: by inotify, since /proc tells of
// nothing by itself. While nobody does, nothing runs. A sandbox's own view of the devices is the same inode,
// and is seen here too.
#pragma once

#include <functional>
#include <string>

#include <glib.h>

namespace micguard {

// Main context only. Its address is held by the main loop.
class DeviceFolder {
  public:
    // `noticed`: somebody has opened or closed one since it was told last, or may have; ten times a second at
    // most, however often they do. The folder need not be there yet: without a sound card there is no
    // /dev/snd.
    DeviceFolder(std::string path, std::function<void()> noticed);
    ~DeviceFolder();
    DeviceFolder(const DeviceFolder&) = delete;
    DeviceFolder& operator=(const DeviceFolder&) = delete;

    // Why nothing can be seen; "" if it can.
    std::string start();

  private:
    bool watch(); // true if the folder's devices are being watched
    bool readEvents();
    void listen();

    static constexpr guint pauseMs = 100;

    std::string path_;
    std::function<void()> noticed_;
    int inotify_ = -1;
    int folder_ = -1, above_ = -1; // watch descriptors
    guint source_ = 0;             // of the descriptor, or of the pause
};

} // namespace micguard
