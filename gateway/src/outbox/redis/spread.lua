-- Leases groups from a place in the backlog: of those that were never handed out the first from there on, and older ones, as many
-- as fit; if there is none, one of those whose time has come. Never a suspect.
local at = cursor()
if not at then
  return { 'groups', 0, redis.call('HLEN', heads) > 0 and 1 or 0, 0 }
end
end_far_waits()

local chosen = {}

-- Looks at entries in the order that the command gives, up to so many groups.
local function choose(command, from, to, most)
  local looked, found = 0, 0
  while looked < LOOK_AT_MOST do
    local entries = redis.call(command, queue, from, to, 'COUNT', LOOK)
    if #entries == 0 then return true end
    looked, from = looked + #entries, '(' .. entries[#entries][1]
    local rows, members = {}, {}
    for _, entry in ipairs(entries) do
      local row = string.match(entry[1], '^(%d+)-0$')
      if row then rows[#rows + 1], members[#members + 1] = row, member(row) end
    end
    local scores = #members > 0 and redis.call('ZMSCORE', due, unpack(members)) or {}
    for i, group in ipairs(look(rows)) do
      if not scores[i] and group.is_known and not group.is_foreign and not is_condemned(group.row) then
        if offer(group) == 'stop' then return false end
        chosen[#chosen + 1], found = group, found + 1
        if found == most then return true end
      end
    end
  end
  return true
end

local first = redis.call('XRANGE', queue, '(' .. at, '+', 'COUNT', 1)[1]
local last = redis.call('XREVRANGE', queue, '+', '(' .. at, 'COUNT', 1)[1]
if first and last then
  local low, high = tonumber(string.match(first[1], '^%d+')), tonumber(string.match(last[1], '^%d+'))
  local from = whole(low + math.floor((high - low) * place_permille / 1000))
  if choose('XRANGE', from, '+', 1) then choose('XREVRANGE', '(' .. from .. '-0', '(' .. at, LOOK_AT_MOST) end
end
if #chosen == 0 then
  local later = later_groups(function(group) return not group.is_foreign and not group.is_suspect end)
  chosen[1] = later[1 + math.floor(place_permille * math.max(#later - 1, 0) / 1000)]
end
table.sort(chosen, function(a, b) return a.number < b.number end)
return hand_out(chosen, nil, 0)
