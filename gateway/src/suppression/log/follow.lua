-- Reads the log on from where the caller stands, so much at a time that neither side is held up.
--
-- KEYS 1: the log
-- ARGV 1: the id of the last entry that the caller knows, 0-0 for all of it
--      2: so many entries at most   3: about so many bytes of marks at most
-- Answer: 'here', the id of the last entry in the log, and the entries, for each its id, key, task, day, seal and marks; a part that
-- is missing is empty. Or 'gone', the id of the last entry, and nothing: the entry that the caller knows is not in this log.

local last = '0-0'
local found = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if found[1] then last = found[1][1] end
if ARGV[1] == last then return {'here', last, {}} end
if ARGV[1] ~= '0-0' and #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return {'gone', last, {}} end

local order = {key = 2, task = 3, day = 4, seal = 5, marks = 6}
local flat, from, entries, bytes = {}, ARGV[1], 0, 0
while from ~= last and entries < tonumber(ARGV[2]) and bytes < tonumber(ARGV[3]) do
  local page = redis.call('XRANGE', KEYS[1], '(' .. from, '+', 'COUNT', 16)
  for _, entry in ipairs(page) do
    local parts = {entry[1], '', '', '', '', ''}
    for at = 1, #entry[2], 2 do
      local place = order[entry[2][at]]
      if place then parts[place] = entry[2][at + 1] end
    end
    for _, part in ipairs(parts) do flat[#flat + 1] = part end
    from, entries, bytes = entry[1], entries + 1, bytes + #parts[6]
  end
end
return {'here', last, flat}
