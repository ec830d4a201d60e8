-- As cs_gather.sv: N beats become one, the first in the lowest bits.
library ieee;
use ieee.std_logic_1164.all;

entity cs_gather is
    generic (
        WIDTH : positive := 1;
        N : positive := 2
    );
    port (
        clk : in std_logic;
        rst : in std_logic;
        in0_data : in std_logic_vector(WIDTH - 1 downto 0);
        in0_valid : in std_logic;
        in0_ready : out std_logic;
        out_data : out std_logic_vector(N * WIDTH - 1 downto 0);
        out_valid : out std_logic;
        out_ready : in std_logic
    );
end entity cs_gather;

architecture rtl of cs_gather is
    signal beats : std_logic_vector(N * WIDTH - 1 downto 0);
    signal count : natural range 0 to N := 0;
begin
    in0_ready <= '1' when count /= N or out_ready = '1' else '0';
    out_valid <= '1' when count = N else '0';
    out_data <= beats;
    process (clk)
        variable kept : natural range 0 to N;
    begin
        if rising_edge(clk) then
            kept := count;
            if count = N and out_ready = '1' then
                kept := 0;
            end if;
            if in0_valid = '1' and kept /= N then
                for i in 0 to N - 2 loop
                    beats((i + 1) * WIDTH - 1 downto i * WIDTH) <= beats((i + 2) * WIDTH - 1 downto (i + 1) * WIDTH);
                end loop;
                beats(N * WIDTH - 1 downto (N - 1) * WIDTH) <= in0_data;
                kept := kept + 1;
            end if;
            if rst = '1' then
                count <= 0;
            else
                count <= kept;
            end if;
        end if;
    end process;
end architecture rtl;
