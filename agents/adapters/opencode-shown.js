// A plugin for the screen of OpenCode (`tui.jsonc`): writes down which session it shows, which nothing outside can see. A message that
// is posted to OpenCode's server goes into that one or is typed. Installed by `fleet hooks install opencode`.
import { createShownNote } from "./responder.js";

export default {
  id: "fleet-shown",
  tui: async (api) => {
    try {
      const note = createShownNote(() => {
        // In another workspace the session's id names another server's.
        if (api.workspace?.current?.()) return "";
        const { name, params } = api.route.current;
        return name === "session" ? String(params?.sessionID ?? "") : "";
      });
      if (note !== null) api.lifecycle.onDispose(() => note.close());
    } catch {
      // The screen goes on; without the note messages are typed.
    }
  },
};
