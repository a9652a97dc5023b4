// SPDX-License-Identifier: GPL-3.0-or-later
// The private session's configuration files. Nothing is read from /etc or the user's home.
#include "tests/support/session.hpp"

#include <fstream>
#include <stdexcept>

namespace micguard::test {

namespace fs = std::filesystem;

namespace {

// Everything as the distribution ships it; our own fragments go into directories beside it.
void mirror(const fs::path& from, const fs::path& to) {
    fs::create_directories(to);
    for (const auto& entry : fs::directory_iterator(from)) {
        const fs::path name = entry.path().filename();
        if (!name.string().ends_with(".conf.d"))
            fs::create_symlink(entry.path(), to / name);
    }
}

} // namespace

void PrivateSession::writeConfiguration() {
    for (const char* name : {"run", "home", "config", "state", "cache", "data", "log", "cards", "control"})
        fs::create_directories(directory_ / name);
    fs::permissions(directory_ / "run", fs::perms::owner_all);
    mirror(PIPEWIRE_SHARE, directory_ / "pipewire");
    // What the package installs.
    const fs::path share = directory_ / "share/micguard";
    fs::create_directories(share);
    for (const char* name :
         {"admission.conf", "wireplumber-admission.lua", "wireplumber-bluetooth-admission.conf"})
        fs::create_symlink(fs::path(ADMISSION_FILES) / name, share / name);
    std::string fragment = readFile(fs::path(ADMISSION_FILES) / "wireplumber-admission.conf.in");
    const std::string place = "@pkgdatadir@";
    fragment.replace(fragment.find(place), place.size(), share.string());
    writeFile(share / "wireplumber-admission.conf", fragment);

    // No service directories: a test that talks to a missing service must fail instead of starting one.
    writeFile(directory_ / "bus.conf",
              R"(<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>)" + busAddress() +
                  R"(</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
)");
    // A choice of microphone for ALSA clients is made by PIPEWIRE_NODE, see listener.hpp.
    if (!options_.micguardConfig.empty()) {
        fs::create_directories(directory_ / "config/micguard");
        writeFile(directory_ / "config/micguard/micguard.toml", options_.micguardConfig);
    }
}

void PrivateSession::writeServerConfiguration() {
    const fs::path fragments = directory_ / "pipewire/pipewire.conf.d";
    fs::create_directories(fragments);
    const std::string quantum = std::to_string(options_.quantum);
    std::string text =
        "context.properties = {\n  default.clock.rate = " + std::to_string(options_.rate) +
        "\n  default.clock.allowed-rates = [ " + std::to_string(options_.rate) + " ]" +
        "\n  default.clock.quantum = " + quantum + "\n  default.clock.min-quantum = " + quantum +
        "\n  default.clock.max-quantum = " + quantum +
        "\n  module.x11.bell = false\n  module.jackdbus-detect = false\n  module.portal = false\n}\n"
        "context.spa-libs = { micguard.test.* = libspa-micguard-test }\n";
    text += "context.objects = [\n";
    for (const auto& [name, mic] : mics_) {
        if (!mic->configured)
            continue;
        for (const MicObject& object : mic->parts.objects)
            text += "  { factory = " + object.factory + " args = " + spaJson(object.properties) + " }\n";
    }
    text += "]\ncontext.modules = [\n";
    for (const auto& [name, mic] : mics_)
        if (mic->configured && !mic->parts.moduleArguments.empty())
            text += "  { name = libpipewire-module-loopback args = " + mic->parts.moduleArguments + " }\n";
    text += "]\n";
    writeFile(fragments / "50-micguard-test.conf", text);
    // As micguardd makes it.
    if (options_.strict)
        fs::create_symlink(directory_ / "share/micguard/admission.conf",
                           fragments / "90-micguard-admission.conf");
    for (const auto& [name, content] : options_.pipewireFragments)
        writeFile(fragments / name, content);
}

void PrivateSession::writeSessionManagerConfiguration() {
    const fs::path fragments = directory_ / "wireplumber/wireplumber.conf.d";
    fs::create_directories(fragments);
    // The machine's own cards, cameras and Bluetooth adapters are not for tests.
    writeFile(fragments / "50-micguard-test.conf", R"(
context.spa-libs = { micguard.test.* = libspa-micguard-test }
wireplumber.profiles = {
  main = {
    hardware.audio = disabled
    hardware.bluetooth = disabled
    hardware.video-capture = disabled
    support.reserve-device = disabled
    support.logind = disabled
    support.portal-permissionstore = disabled
    monitor.micguard-test = required
  }
}
wireplumber.components = [
  {
    name = monitors/micguard-test.lua, type = script/lua
    provides = monitor.micguard-test
    requires = [ support.export-core, pw.client-device, pw.client-node, pw.node-factory.adapter ]
    arguments = { directory = ")" + (directory_ / "cards").string() +
                                                       R"(" }
  }
]
)");
    if (options_.strict)
        fs::create_symlink(directory_ / "share/micguard/wireplumber-bluetooth-admission.conf",
                           fragments / "90-micguard-bluetooth-admission.conf");
    for (const auto& [name, content] : options_.wireplumberFragments)
        writeFile(fragments / name, content);
}

} // namespace micguard::test
