-- As cs_scatter.sv: one beat becomes N, the lowest bits first.
library ieee;
use ieee.std_logic_1164.all;

entity cs_scatter is
    generic (
        WIDTH : positive := 1;
        N : positive := 2
    );
    port (
        clk : in std_logic;
        rst : in std_logic;
        in0_data : in std_logic_vector(N * WIDTH - 1 downto 0);
        in0_valid : in std_logic;
        in0_ready : out std_logic;
        out_data : out std_logic_vector(WIDTH - 1 downto 0);
        out_valid : out std_logic;
        out_ready : in std_logic
    );
end entity cs_scatter;

architecture rtl of cs_scatter is
    signal beats : std_logic_vector(N * WIDTH - 1 downto 0);
    signal left : natural range 0 to N := 0;
begin
    in0_ready <= '1' when left = 0 or (left = 1 and out_ready = '1') else '0';
    out_valid <= '1' when left /= 0 else '0';
    out_data <= beats(WIDTH - 1 downto 0);
    process (clk)
        variable takes : boolean;
    begin
        if rising_edge(clk) then
            takes := in0_valid = '1' and (left = 0 or (left = 1 and out_ready = '1'));
            if takes then
                beats <= in0_data;
            elsif out_ready = '1' then
                for i in 0 to N - 2 loop
                    beats((i + 1) * WIDTH - 1 downto i * WIDTH) <= beats((i + 2) * WIDTH - 1 downto (i + 1) * WIDTH);
                end loop;
            end if;
            if rst = '1' then
                left <= 0;
            elsif takes then
                left <= N;
            elsif left /= 0 and out_ready = '1' then
                left <= left - 1;
            end if;
        end if;
    end process;
end architecture rtl;
