-- Leases due groups, oldest first: those that were never handed out in their order, and of the others those whose time has come.
local at = cursor()
if not at then
  return { 'groups', 0, redis.call('HLEN', heads) > 0 and 1 or 0, 0 }
end
end_far_waits()

local later = later_groups(function(group)
  return not group.is_foreign and not (group.is_suspect and suspects == 'skip')
end)

local ready, next_ready, seen_up_to, looked, passed = {}, 1, at, 0, nil

local function fetch()
  local look_at = math.max(16, math.min(LOOK, events_left + 1))
  local entries = redis.call('XRANGE', queue, '(' .. seen_up_to, '+', 'COUNT', look_at)
  ready, next_ready, looked = {}, 1, looked + #entries
  if #entries == 0 then return end
  seen_up_to = entries[#entries][1]
  local rows, members = {}, {}
  for i, entry in ipairs(entries) do
    local row = row_of_entry(entry[1])
    rows[i], members[i] = row, member(row)
  end
  local scores = redis.call('ZMSCORE', due, unpack(members))
  for i, group in ipairs(look(rows)) do
    group.id, group.is_handed_out = entries[i][1], scores[i] ~= false
    ready[i] = group
  end
end

-- The next group that was never handed out. What is passed over on the way is in `due` from then on, or gone.
local function peek()
  while true do
    local group = ready[next_ready]
    if not group then
      if looked >= LOOK_AT_MOST then return nil end
      fetch()
      group = ready[next_ready]
      if not group then return nil end
    end
    if group.is_handed_out then
      passed = group.id
    elseif not group.is_known and redis.call('HEXISTS', bodies, group.row) == 0 then
      drop_strangers(group.id)
      passed = group.id
    elseif group.is_foreign or is_condemned(group.row) then
      redis.call('ZADD', due, now, member(group.row))
      passed = group.id
    else
      return group
    end
    next_ready = next_ready + 1
  end
end

local chosen, next_later, more = {}, 1, 0
while #chosen < LOOK_AT_MOST do
  local group, is_ready = later[next_later], false
  local candidate = peek()
  if candidate and (not group or candidate.number < group.number) then group, is_ready = candidate, true end
  if not group then break end
  local choice = offer(group)
  if choice == 'ask' then return { 'suspect' } end
  if choice == 'stop' then
    more = 1
    break
  end
  if choice == 'take' then chosen[#chosen + 1] = group end
  if is_ready then
    next_ready, passed = next_ready + 1, group.id
    if choice == 'skip' then redis.call('ZADD', due, now, member(group.row)) end
  else
    next_later = next_later + 1
  end
end
return hand_out(chosen, passed, more)
