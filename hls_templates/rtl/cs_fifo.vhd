-- As cs_fifo.sv: DEPTH beats in a memory and one more at its end.
library ieee;
use ieee.std_logic_1164.all;

entity cs_fifo is
    generic (
        WIDTH : positive := 1;
        DEPTH : positive := 2
    );
    port (
        clk : in std_logic;
        rst : in std_logic;
        in0_data : in std_logic_vector(WIDTH - 1 downto 0);
        in0_valid : in std_logic;
        in0_ready : out std_logic;
        out_data : out std_logic_vector(WIDTH - 1 downto 0);
        out_valid : out std_logic;
        out_ready : in std_logic
    );
end entity cs_fifo;

architecture rtl of cs_fifo is
    type beats is array (0 to DEPTH - 1) of std_logic_vector(WIDTH - 1 downto 0);
    signal memory : beats;
    signal head, tail : natural range 0 to DEPTH - 1 := 0;
    signal count : natural range 0 to DEPTH := 0;
    signal held : std_logic;
begin
    in0_ready <= '1' when count /= DEPTH else '0';
    out_valid <= held;
    process (clk)
        variable written, taken : boolean;
    begin
        if rising_edge(clk) then
            written := in0_valid = '1' and count /= DEPTH;
            taken := count /= 0 and (held = '0' or out_ready = '1');
            if written then
                memory(tail) <= in0_data;
            end if;
            if taken then
                out_data <= memory(head);
            end if;
            if rst = '1' then
                head <= 0;
                tail <= 0;
                count <= 0;
                held <= '0';
            else
                if written then
                    tail <= (tail + 1) mod DEPTH;
                end if;
                if taken then
                    head <= (head + 1) mod DEPTH;
                    held <= '1';
                elsif out_ready = '1' then
                    held <= '0';
                end if;
                if written and not taken then
                    count <= count + 1;
                elsif taken and not written then
                    count <= count - 1;
                end if;
            end if;
        end if;
    end process;
end architecture rtl;
