-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- A model, for WirePlumber before 0.5.15, of how that one decides on clients: an event for each client that appears, in whose
-- last hook everything is given to whoever nothing else was found for.
SimpleEventHook {
  name = "client/select-access-trigger",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "client-added" },
    },
  },
  execute = function (event)
    event:get_source ():call ("push-event", "select-access", event:get_subject (), nil)
  end
}:register ()

AsyncEventHook {
  name = "client/apply-access",
  interests = {
    EventInterest {
      Constraint { "event.type", "=", "select-access" },
    },
  },
  steps = {
    start = {
      next = "none",
      execute = function (event, transition)
        event:get_subject ():update_permissions { ["any"] = "all" }
        transition:advance ()
      end,
    },
  },
}:register ()
