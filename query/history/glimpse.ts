/**
 * What was seen for no longer was not watched for any time: it was one look, whose sources are some ms apart. It tells a look from a watch
 * only where nobody had watched before or did so afterwards.
 */
export function isGlimpse(us: number): boolean {
  return us < LONGEST_LOOK_US;
}

const LONGEST_LOOK_US = 50_000;
