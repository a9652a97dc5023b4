-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Clients whose admission is micguardd's are nobody else's: WirePlumber 0.5.15 decides on every client in an event of its own
-- (scripts/client/select-access.lua), which ends here for those. The mark is PipeWire's; no client can set it.
SimpleEventHook {
  name = "micguard/leave-admission",
  before = { "client/find-config-access", "client/find-default-access", "client/apply-access" },
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-access" },
    },
  },
  execute = function (event)
    local client = event:get_subject ()
    if client.properties ["pipewire.access"] == "micguard" then
      event:stop_processing ()
    end
  end
}:register ()
