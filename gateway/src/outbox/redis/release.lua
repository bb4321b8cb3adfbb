-- Gives leases back at once, those that still hold.
-- ARGV: gateway, now, and of each lease its row and its serial. Where a row is '*', every lease of that serial.
local gateway, now = argument(), tonumber(argument())
local rows = {}
while place < #ARGV do
  local row, serial = argument(), argument()
  if row == '*' then
    local from = '-'
    repeat
      local found = redis.pcall('XPENDING', queue, GROUP, from, '+', MANY, gateway)
      if found.err then break end
      for _, entry in ipairs(found) do
        if whole(entry[4]) == serial then rows[#rows + 1] = row_of(entry[1]) end
        from = '(' .. entry[1]
      end
    until #found < MANY
  elseif holds(row, gateway, serial, now) then
    rows[#rows + 1] = row
  end
end
put_back(rows, 0)
return #rows
