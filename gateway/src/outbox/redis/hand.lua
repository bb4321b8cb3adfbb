-- Stands before the scripts that hand groups out. Their arguments:
-- ARGV 1 gateway, 2 now, 3 when the lease ends, 4 its serial, 5 events and 6 bytes at most, 7 what is done with a suspect: 'take',
-- 'skip', or 'ask' for permission, 8 'swept' once condemned groups were looked after, 9 the latest time that can be meant, 10 the
-- longest body, 11 a place in thousandths, 12 and more: the keys that the gateway has.
-- Answer: { 'sweep' }: condemned groups are to be looked after first. { 'suspect' }: one is the next. { 'groups', 1 if more are due,
-- 1 if the queue lacks groups, how many entries were no groups, and of each group its row, its head, and its body or nil }.
local gateway, now, until_ms, serial = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local events_left, bytes_left, suspects = tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7]
local latest, longest, place_permille = ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11])

local has_condemned = redis.call('EXISTS', condemned) == 1
if has_condemned and ARGV[8] ~= 'swept' then return { 'sweep' } end

local has_key = {}
for i = 12, #ARGV do has_key[ARGV[i]] = true end

local strangers = 0

-- The rows and what their heads say.
local function look(rows)
  local found = {}
  if #rows == 0 then return found end
  local texts = redis.call('HMGET', heads, unpack(rows))
  for i, row in ipairs(rows) do
    local head = read_head(texts[i])
    found[i] = {
      row = row, number = tonumber(row), text = texts[i] or '', is_known = texts[i] ~= false,
      -- What cannot be read is handed out all the same, and then set aside.
      events = head and head.events or 1, bytes = head and head.bytes or 0,
      is_suspect = head ~= nil and head.crashes >= SUSPECT_CRASHES,
      -- Another gateway may have the key of what this one cannot open.
      is_foreign = head ~= nil and not has_key[head.key],
    }
  end
  return found
end

-- Whether a purge has yet to be done with what this group was in hand for.
local function is_condemned(row)
  return has_condemned and redis.call('HEXISTS', condemned, row) == 1
end

-- Takes a stranger's entry out: it is no group of ours and has no events.
local function drop_strangers(id)
  redis.pcall('XACK', queue, GROUP, id)
  redis.call('XDEL', queue, id)
  strangers = strangers + 1
end

-- The groups whose time has come, or that nobody could handle who was asked, oldest first.
local function later_groups(is_fit)
  local fit, from = {}, 0
  while from < LOOK_AT_MOST and #fit < LOOK do
    local members = redis.call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', from, LOOK)
    local rows = {}
    for _, text in ipairs(members) do
      local row = row_in_due(text)
      if row then
        rows[#rows + 1] = row
      else
        redis.call('ZREM', due, text)
        strangers, from = strangers + 1, from - 1
      end
    end
    for _, group in ipairs(look(rows)) do
      if not group.is_known and redis.call('HEXISTS', bodies, group.row) == 0 then
        redis.call('ZREM', due, member(group.row))
        drop_strangers(group.row .. '-0')
        from = from - 1
      elseif is_fit(group) and not is_condemned(group.row) then
        fit[#fit + 1] = group
      end
    end
    if #members < LOOK then break end
    from = from + LOOK
  end
  table.sort(fit, function(a, b) return a.number < b.number end)
  return fit
end

-- A retry time that is further ahead than any can be was set by a clock that was ahead: its group is due at once.
local function end_far_waits()
  local far = redis.call('ZRANGE', due, '(' .. latest, '+inf', 'BYSCORE', 'LIMIT', 0, MANY)
  for _, text in ipairs(far) do redis.call('ZADD', due, 0, text) end
end

-- `Selection` in lease.rs, rule for rule.
local taken, suspect_taken = false, false
local function offer(group)
  if group.is_suspect and suspects == 'skip' then return 'skip' end
  local fits = group.events <= events_left and group.bytes <= bytes_left
  if suspect_taken or (taken and (group.is_suspect or not fits)) then return 'stop' end
  if group.is_suspect and suspects == 'ask' then return 'ask' end
  taken, suspect_taken = true, group.is_suspect
  events_left, bytes_left = math.max(events_left - group.events, 0), math.max(bytes_left - group.bytes, 0)
  return 'take'
end

-- Leases these groups. `passed`: up to where entries of the queue were handed out in order, if further than before.
local function hand_out(groups, passed, more)
  local ids, by_id, has, rows = {}, {}, {}, {}
  for i, group in ipairs(groups) do
    ids[i] = group.row .. '-0'
    by_id[ids[i]] = group
  end
  if passed then redis.call('XGROUP', 'SETID', queue, GROUP, passed) end
  local scores, there = {}, {}
  if #ids > 0 then
    for _, id in ipairs(claim(gateway, serial, ids)) do has[id] = true end
  end
  for _, id in ipairs(ids) do
    local group = by_id[id]
    if has[id] then
      there[#there + 1], rows[#rows + 1] = group, group.row
      scores[#scores + 1], scores[#scores + 2] = until_ms, member(group.row)
    else
      put_in_again(group.row, now)
      more = 1
    end
  end
  on_many('ZADD', due, scores)
  local lacks = redis.call('HLEN', heads) > redis.call('XLEN', queue) and 1 or 0
  local reply = { 'groups', more, lacks, strangers }
  for first = 1, #rows, MANY do
    local texts = redis.call('HMGET', bodies, unpack(rows, first, math.min(first + MANY - 1, #rows)))
    for i = 1, math.min(MANY, #rows - first + 1) do
      local group, body = there[first + i - 1], texts[i]
      local n = #reply
      -- A body that no gateway of ours wrote is not sent on, whatever its length.
      if body and #body > longest then body = false end
      reply[n + 1], reply[n + 2], reply[n + 3] = group.row, group.text, body
    end
  end
  return reply
end
