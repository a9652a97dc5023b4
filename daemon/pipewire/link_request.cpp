// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/pipewire/link_request.hpp"

#include <pipewire/pipewire.h>

#include <string>

namespace micguard {

pw_proxy* askForLink(pw_core* core, const action::CreateLink& link) {
    const std::string outNode = std::to_string(raw(link.outputNode)),
                      outPort = std::to_string(raw(link.outputPort)),
                      inNode = std::to_string(raw(link.inputNode)),
                      inPort = std::to_string(raw(link.inputPort));
    const spa_dict_item items[] = {
        {PW_KEY_LINK_OUTPUT_NODE, outNode.c_str()},
        {PW_KEY_LINK_OUTPUT_PORT, outPort.c_str()},
        {PW_KEY_LINK_INPUT_NODE, inNode.c_str()},
        {PW_KEY_LINK_INPUT_PORT, inPort.c_str()},
        {PW_KEY_OBJECT_LINGER, link.lingers ? "true" : "false"},
    };
    const spa_dict properties = SPA_DICT_INIT_ARRAY(items);
    return static_cast<pw_proxy*>(
        pw_core_create_object(core, "link-factory", PW_TYPE_INTERFACE_Link, PW_VERSION_LINK, &properties, 0));
}

} // namespace micguard
