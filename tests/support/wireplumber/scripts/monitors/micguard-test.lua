-- SPDX-License-Identifier: GPL-3.0-or-later
-- The tests' sound cards: stands where WirePlumber's ALSA monitor stands, over the tests' card plug-in. Never installed.
local arguments = ...
arguments = arguments:parse ()

-- A headset's microphone as bluez.lua (0.5.8) makes it: in WirePlumber's own process, and by the rules for what bluez.lua makes.
local bluetoothRules = Conf.get_section_as_json ("monitor.bluez.rules", Json.Array {})
local function createHeadset (device, id, factory, properties)
  properties["factory.name"] = "api.bluez5.sco.source"
  properties = JsonUtils.match_rules_update_properties (bluetoothRules, properties)
  properties["factory.name"] = factory
  local node = LocalNode ("adapter", properties)
  node:activate (Feature.Proxy.BOUND)
  device:store_managed_object (id, node)
end

local function createNode (device, id, _, factory, properties)
  properties["device.id"] = device["bound-id"]
  if properties["micguard.test.bluetooth"] then
    return createHeadset (device, id, factory, properties)
  end
  properties["factory.name"] = factory
  local node = Node ("adapter", properties)
  node:activate (Feature.Proxy.BOUND, function (_, err)
    if err then
      Log.warning ("no node " .. tostring (properties["node.name"]) .. ": " .. tostring (err))
    end
  end)
  device:store_managed_object (id, node)
end

local function createCard (parent, id, _, factory, properties)
  local card = SpaDevice (factory, properties)
  if not card then
    Log.warning ("no card " .. tostring (properties["device.name"]))
    return
  end
  card:connect ("create-object", createNode)
  card:connect ("object-removed", function (device, node)
    device:store_managed_object (node, nil)
  end)
  card:activate (Feature.SpaDevice.ENABLED | Feature.Proxy.BOUND)
  parent:store_managed_object (id, card)
end

monitor = SpaDevice ("micguard.test.monitor", { ["micguard.test.cards"] = arguments["directory"] })
if not monitor then
  error ("the tests' SPA plug-in was not found")
end
monitor:connect ("create-object", createCard)
monitor:connect ("object-removed", function (parent, id)
  parent:store_managed_object (id, nil)
end)
monitor:activate (Feature.SpaDevice.ENABLED)
