-- Reads entries of the quarantine, as many as fit; changes nothing.
-- ARGV: 1 'up' or 'down' by number, 2 the id to begin with, 3 the one to end with, in the form that XRANGE takes, 4 how many
--   entries, 5 how many bytes (at least one entry is read), 6 how many bytes the events of an entry of ours have at most.
-- Answer: for each entry a list: its id, its head, its events, and Meta's message, if any of them is there.
local command = ARGV[1] == 'up' and 'XRANGE' or 'XREVRANGE'
local room, longest = tonumber(ARGV[5]), tonumber(ARGV[6])

local function read(field)
  local size = redis.call('HSTRLEN', asides, field)
  if size > longest then return false, 0 end
  return redis.call('HGET', asides, field), size
end

local found = {}
for _, entry in ipairs(redis.call(command, quarantine, ARGV[2], ARGV[3], 'COUNT', ARGV[4])) do
  local fields, number = {}, string.match(entry[1], '^%d+')
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  local body, body_size = read(number)
  local message, message_size = read(message_of(number))
  room = room - body_size - message_size
  if room < 0 and #found > 0 then break end
  found[#found + 1] = { entry[1], fields.head or false, body, message }
end
return found
