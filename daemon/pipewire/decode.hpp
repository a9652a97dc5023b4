// SPDX-License-Identifier: GPL-3.0-or-later
//
// PipeWire's dictionaries and pods to the model's values and back. Everything from a client is taken as
// hostile: whatever does not parse is left at its default.
#pragma once

#include "daemon/model/graph.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

struct spa_dict;
struct spa_pod;

namespace micguard::decode {

Client client(std::uint32_t id, const spa_dict* properties);
// The kernel's, of the client's process when it connected.
std::string securityLabel(const spa_dict* properties);
Device device(std::uint32_t id, const spa_dict* properties);
Node node(std::uint32_t id, const spa_dict* properties);
// The factory that made a node. The server sets it over what the maker says, and no later word of his changes it
// (PipeWire 1.4.2: module-adapter.c, module-client-node.c; impl-node.c, update_properties()). 0xffffffff: not told.
std::uint32_t factoryOf(const spa_dict* nodeProperties);
// Of a factory's own properties: not client-node, which stands for a node in a client's process.
bool makesNodesInServer(const spa_dict* factoryProperties);
// With a volume in front of whatever they stand for.
bool makesAdapters(const spa_dict* factoryProperties);
Port port(std::uint32_t id, const spa_dict* properties);
Link link(std::uint32_t id, const spa_dict* properties);

// One Props object of a node; nothing if it is not the adapter's (a follower answers with one of its own).
std::optional<KnobReading> knob(const spa_pod* props);

// One Route object of a device.
std::optional<Route> route(const spa_pod* param);

} // namespace micguard::decode

namespace micguard::encode {

// A pod in a buffer of its own; `pod()` lives as long as the object.
class Pod {
  public:
    const spa_pod* pod() const { return reinterpret_cast<const spa_pod*>(buffer_.data()); }
    std::vector<std::byte>& buffer() { return buffer_; }

  private:
    std::vector<std::byte> buffer_ = std::vector<std::byte>(1024);
};

// Props { monitorMute, params = [ "channelmix.max-volume" maxVolume ] }
Pod knob(float maxVolume, bool monitorMute);
// Props { mute }
Pod userMute(bool mute);
// Route { index, device, props = { mute }, save }
Pod routeMute(std::uint32_t index, std::int32_t profileDevice, bool mute, bool save);
// PortConfig { one input port of the graph's own format, and one that puts out what goes into it }
Pod monoInput(bool monitor);

} // namespace micguard::encode
