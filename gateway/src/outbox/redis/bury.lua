-- Takes groups out of a dead gateway's hand, those that it still has: whole, or one of them in two halves.
-- ARGV: gateway, 'back' and of each group its row and its serial; or 'split', row, serial, and of each half its head and its body.
-- A group counts the death, unless it is condemned. Answer: how many groups there were.
local gateway, what = argument(), argument()
local rows = {}

local function is_theirs(row, serial)
  local by, under = holder(row)
  return by == gateway and under == serial
end

if what == 'back' then
  while place < #ARGV do
    local row, serial = argument(), argument()
    if is_theirs(row, serial) then
      rows[#rows + 1] = row
      local head = read_head(redis.call('HGET', heads, row))
      if head and redis.call('HEXISTS', condemned, row) == 0 then
        head.crashes = head.crashes + 1
        redis.call('HSET', heads, row, write_head(head))
      end
    end
  end
else
  local row, serial = argument(), argument()
  local head = is_theirs(row, serial) and read_head(redis.call('HGET', heads, row))
  if head and redis.call('HEXISTS', condemned, row) == 0 then
    rows[1] = row
    note('pending', head, -1, -head.events, -head.bytes)
    for _, at in ipairs({ row, enqueue() }) do
      local half, body = argument(), argument()
      local what_of_it = read_head(half)
      redis.call('HSET', heads, at, half)
      redis.call('HSET', bodies, at, body)
      -- Both were in hand before, and are suspects, which are looked for here alone.
      redis.call('ZADD', due, 0, member(at))
      note('pending', what_of_it, 1, what_of_it.events, what_of_it.bytes)
    end
    count()
  end
end
put_back(rows, 0)
return #rows
