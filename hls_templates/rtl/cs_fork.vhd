-- As cs_fork.sv: one stream for N readers, each of which takes every beat when it likes.
library ieee;
use ieee.std_logic_1164.all;

entity cs_fork is
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
        out_valid : out std_logic_vector(N - 1 downto 0);
        out_ready : in std_logic_vector(N - 1 downto 0)
    );
end entity cs_fork;

architecture rtl of cs_fork is
    signal had, has : std_logic_vector(N - 1 downto 0);
begin
    has <= had or out_ready;
    in0_ready <= and has;
    each : for i in 0 to N - 1 generate
        out_valid(i) <= in0_valid and not had(i);
        out_data((i + 1) * WIDTH - 1 downto i * WIDTH) <= in0_data;
    end generate;
    process (clk)
    begin
        if rising_edge(clk) then
            if rst = '1' then
                had <= (others => '0');
            elsif in0_valid = '1' then
                had <= has and not (has'range => (and has));
            end if;
        end if;
    end process;
end architecture rtl;
