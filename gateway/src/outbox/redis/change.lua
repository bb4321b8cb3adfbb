-- Changes groups that are still as they were read, each of them whole or not at all.
-- ARGV: 1 now, then seven for each group: its row, its head as it was read, 1 if it was in hand and else 0, what was condemned of
--   it ('-' for nothing, else '=' and the text), what to do, and two more:
--   remove            takes it away, with all that is known of it
--   rewrite HEAD BODY narrows it, or seals it anew
--   sweep HEAD BODY   the same, and nothing is condemned of it any more
--   condemn TEXT      notes what of it goes once it is in nobody's hand
--   spare             nothing is condemned of it any more
-- Answer: for each group a digit, 1 if it was changed. The same one under the same token.
local told = told_before()
if told then return told end
local now = tonumber(ARGV[1])

local function is_as_read(row, head, hand, goes)
  if redis.call('HGET', heads, row) ~= head then return false end
  if (in_hand(row, now) and '1' or '0') ~= hand then return false end
  local text = redis.call('HGET', condemned, row)
  return (text and '=' .. text or '-') == goes
end

local function amount(shelf, head, sign)
  local h = read_head(head)
  if h then note(shelf, h, sign, sign * h.events, sign * h.bytes) end
end

local done = {}
for i = 2, #ARGV, 7 do
  local row, head, hand, goes, what, first, second = unpack(ARGV, i, i + 6)
  if not is_as_read(row, head, hand, goes) then
    done[#done + 1] = '0'
  else
    if what == 'remove' then
      amount('pending', head, -1)
      remove({ row })
    elseif what == 'rewrite' or what == 'sweep' then
      amount('pending', head, -1)
      amount('pending', first, 1)
      redis.call('HSET', heads, row, first)
      redis.call('HSET', bodies, row, second)
      -- Whoever slept past the end of its lease has what it was before, and may not settle it any more: that would bring it back.
      local gateway = hand == '0' and holder(row)
      if gateway and gateway ~= NOBODY then claim(NOBODY, 0, { row .. '-0' }) end
      if what == 'sweep' then redis.call('HDEL', condemned, row) end
    elseif what == 'condemn' then
      redis.call('HSET', condemned, row, first)
    else
      redis.call('HDEL', condemned, row)
    end
    done[#done + 1] = '1'
  end
end
count()
return tell(table.concat(done))
