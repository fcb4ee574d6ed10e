# The digest of one text in a JSON object (that of the first key called `key`), as `sha256sum` prints it, and after it
# `session=` and `turn=` where the object has them: awk -v key=prompt -f prompt-digest.awk < payload
# With `-v as=text` the normal text itself. Any POSIX awk; run with LC_ALL=C, so that text is bytes. What is normal is said in
# acks/normal-text.ts, and a test holds the two to agree. Ends with status 1 when there is no such text in it.

function hex(digits,   i, value) {
  value = 0
  for (i = 1; i <= 4; i++) value = value * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
  return value
}

function utf8(code) {
  if (code < 128) return sprintf("%c", code)
  if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
  if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
  return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}

# The value of a key that holds a plain word; empty for anything else.
function word_of(name,   text) {
  if (!match(whole, "[{,][ \t]*\"" name "\"[ \t]*:[ \t]*\"[A-Za-z0-9_-]+\"")) return ""
  text = substr(whole, RSTART, RLENGTH - 1)
  sub(/.*"/, "", text)
  return text
}

# Adds decoded text to the lines; only "\n" escapes bring line ends, a JSON string holds none.
function put(text) { line = line text }
function end_line() {
  if (line ~ /^<pasted_content id="[0-9a-f][0-9a-f][0-9a-f][0-9a-f]">$/) {
    while (!joins && count > 0 && lines[count] == "") count--
    joins = 1
  } else if (line ~ /^<\/pasted_content id="[0-9a-f][0-9a-f][0-9a-f][0-9a-f]">$/) {
    joins = 1
  } else {
    if (joins && count > 0) lines[count] = lines[count] line
    else lines[++count] = line
    joins = 0
  }
  line = ""
}

# Puts a piece up to the quote that ends the string; says whether that was in it.
function put_until_quote(piece,   quote) {
  quote = index(piece, "\"")
  if (quote == 0) { put(piece); return 0 }
  put(substr(piece, 1, quote - 1))
  return 1
}

{ payload = payload $0 }

END {
  # Inside of a string each quote is escaped, so this is a key and never a part of some text.
  whole = payload
  if (!match(payload, "[{,][ \t]*\"" key "\"[ \t]*:[ \t]*\"")) exit 1
  payload = substr(payload, RSTART + RLENGTH)
  # Pieces between backslashes: an empty one is the first of an escaped backslash.
  pieces = split(payload, piece, "\\")
  high = 0
  if (!put_until_quote(piece[1])) {
    for (i = 2; i <= pieces; i++) {
      if (piece[i] == "") { put("\\"); i++; if (put_until_quote(piece[i])) break; continue }
      kind = substr(piece[i], 1, 1)
      rest = substr(piece[i], 2)
      if (kind == "n") end_line()
      else if (kind == "t") put("\t")
      else if (kind == "r") put("\r")
      else if (kind == "b") put("\b")
      else if (kind == "f") put("\f")
      else if (kind == "u") {
        code = hex(rest)
        rest = substr(rest, 5)
        if (code == 10) end_line()
        else if (code >= 55296 && code < 56320) high = code
        else if (code >= 56320 && code < 57344 && high) { put(utf8(65536 + (high - 55296) * 1024 + code - 56320)); high = 0 }
        else put(utf8(code))
      } else put(kind)
      if (put_until_quote(rest)) break
    }
  }
  end_line()
  for (i = 1; i <= count; i++) sub(/[ \t\r]+$/, "", lines[i])
  first = 1
  while (first <= count && lines[first] == "") first++
  while (count >= first && lines[count] == "") count--
  if (first <= count) sub(/^[ \t\r]+/, "", lines[first])
  into = as == "text" ? "cat" : "sha256sum"
  ORS = ""
  print "" | into
  for (i = first; i <= count; i++) print (i > first ? "\n" : "") lines[i] | into
  close(into)
  if (as == "text") exit 0
  session = word_of("session_id")
  turn = word_of("prompt_id")
  if (turn == "") turn = word_of("turn_id")
  if (turn == "") turn = word_of("promptId")
  print (session == "" ? "" : "session=" session " ") (turn == "" ? "" : "turn=" turn) "\n"
}
