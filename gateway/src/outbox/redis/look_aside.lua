-- Reads entries of the quarantine, as many as fit; changes nothing.
-- ARGV: 1 'up' or 'down' by number, 2 the id to begin with, 3 the one to end with, in the form that XRANGE takes, 4 how many
--   entries, 5 how many bytes (at least one entry is read).
-- Answer: for each entry a list: its id, its head, its body, and Meta's message, if any of them is there.
local PORTION = 16 -- entries at a time: one of a whole group is up to a megabyte
local up, from, to, left, room = ARGV[1] == 'up', ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local found = {}
while left > 0 and room > 0 do
  local part
  if up then
    part = redis.call('XRANGE', quarantine, from, to, 'COUNT', math.min(PORTION, left))
  else
    part = redis.call('XREVRANGE', quarantine, from, to, 'COUNT', math.min(PORTION, left))
  end
  if #part == 0 then break end
  for _, entry in ipairs(part) do
    local fields = {}
    for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
    local size = #(fields.body or '') + #(fields.message or '')
    if room < size and #found > 0 then return found end
    found[#found + 1] = { entry[1], fields.head or false, fields.body or false, fields.message or false }
    left, room, from = left - 1, room - size, '(' .. entry[1]
  end
end
return found
