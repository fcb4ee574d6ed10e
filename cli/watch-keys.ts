/** What the keys of `watch` have made of the view. */
export interface WatchState {
  readonly chosen: number;
  readonly alone: boolean;
  /** Lines back in the history of the chosen agent. */
  readonly back: number;
  readonly left: number;
}

export const START: WatchState = { chosen: 0, alone: false, back: 0, left: 0 };

export interface Extent {
  readonly agents: number;
  readonly history: number;
  readonly page: number;
  readonly width: number;
}

const SIDEWAYS = 16;

/** What a key does. Keys that mean nothing change nothing; no key reaches an agent. */
export function afterKey(state: WatchState, key: string, extent: Extent): WatchState | "end" | "interrupt" {
  const { agents, history, page, width } = extent;
  const back = (by: number): WatchState => ({
    ...state,
    back: Math.max(0, Math.min(history, state.back + by)),
  });
  switch (key) {
    case "q":
      return "end";
    case "\u0003":
      return "interrupt";
    case "\u001b[A":
    case "k":
      return back(1);
    case "\u001b[B":
    case "j":
      return back(-1);
    case "\u001b[5~":
    case "b":
      return back(page);
    case "\u001b[6~":
    case " ":
      return back(-page);
    case "g":
    case "\u001b[H":
      return back(history);
    case "G":
    case "\u001b[F":
      return back(-history - state.back);
    case "\u001b[C":
    case "l":
      return { ...state, left: Math.min(Math.max(0, width - SIDEWAYS), state.left + SIDEWAYS) };
    case "\u001b[D":
    case "h":
      return { ...state, left: Math.max(0, state.left - SIDEWAYS) };
    case "\t":
      return agents < 2 ? state : { ...state, chosen: (state.chosen + 1) % agents, back: 0, left: 0 };
    case "z":
      return agents < 2 ? state : { ...state, alone: !state.alone };
    default:
      return state;
  }
}
