using EDA.Kernels;

namespace EDA.Tests.Kernels;

public class PhiloxTests
{
    private static readonly RandomDraw Draw = new(0x0123456789ABCDEF, RandomStage.Data, 42);

    /// <summary>The known answers that Random123 publishes for philox4x32-10 (its file kat_vectors).</summary>
    public static TheoryData<uint[], uint[], uint[]> KnownAnswers => new()
    {
        { [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
        {
            [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
            [0xffffffff, 0xffffffff],
            [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]
        },
        {
            [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
            [0xa4093822, 0x299f31d0],
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
        },
    };

    [Theory]
    [MemberData(nameof(KnownAnswers))]
    public void Block_gives_the_published_words(uint[] counter, uint[] key, uint[] words)
    {
        var found = Philox.Block(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
        Assert.Equal(new Philox.Words(words[0], words[1], words[2], words[3]), found);
        Assert.Equal(words, Enumerable.Range(0, 4).Select(i => found[i]));
    }

    [Fact]
    public void Seed_is_the_key_and_element_step_stage_purpose_the_counter()
    {
        var draw = new RandomDraw(0x299f31d0_a4093822, (RandomStage)0x13198a2e, 0x85a308d3);
        var words = Philox.Block(draw, (RandomPurpose)0x03707344, 0x243f6a88);
        Assert.Equal(new Philox.Words(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1), words);
        for (uint i = 0; i < 4; i++)
            Assert.Equal(words[(int)i], Philox.Word(draw, (RandomPurpose)0x03707344, (0x243f6a88UL * 4) + i));
    }

    [Fact]
    public void First_element_is_added_to_the_element()
    {
        var later = Draw with { FirstElement = 1001 };
        for (ulong i = 0; i < 9; i++)
        {
            Assert.Equal(Philox.Word(Draw, RandomPurpose.Noise, 1001 + i), Philox.Word(later, RandomPurpose.Noise, i));
            Assert.Equal(Philox.Normal(Draw, RandomPurpose.Noise, 1001 + i), Philox.Normal(later, RandomPurpose.Noise, i));
        }
    }

    [Fact]
    public void Uniform_numbers_lie_from_0_to_below_1()
    {
        Assert.Equal(0, Philox.Uniform(0));
        Assert.Equal(0, Philox.Uniform(255));
        Assert.Equal(0.5f, Philox.Uniform(0x80000000));
        Assert.Equal(1 - MathF.Pow(2, -24), Philox.Uniform(uint.MaxValue));
    }

    [Fact]
    public void Indices_cover_their_range_evenly()
    {
        Assert.Equal(0, Philox.Index(0, 7));
        Assert.Equal(6, Philox.Index(uint.MaxValue, 7));
        var counts = new int[7];
        const int Draws = 70_000;
        for (ulong i = 0; i < Draws; i++)
            counts[Philox.Index(Philox.Word(Draw, RandomPurpose.BatchIndex, i), 7)]++;

        // χ² with 6 degrees of freedom exceeds 22.5 once in a thousand.
        double expected = Draws / 7.0;
        Assert.InRange(counts.Sum(count => (count - expected) * (count - expected) / expected), 0, 22.5);
    }

    [Fact]
    public void Normals_are_pairs_by_box_muller()
    {
        for (ulong block = 0; block < 100; block++)
        {
            var words = Philox.Block(Draw, RandomPurpose.Noise, block);
            AssertPair(words.W0, words.W1, 4 * block);
            AssertPair(words.W2, words.W3, (4 * block) + 2);
        }

        static void AssertPair(uint first, uint second, ulong element)
        {
            double radius = Math.Sqrt(-2 * Math.Log((first + 1.0) / Math.Pow(2, 32)));
            double angle = 2 * Math.PI * second / Math.Pow(2, 32);
            Assert.Equal(radius * Math.Cos(angle), Philox.Normal(Draw, RandomPurpose.Noise, element), 1e-6);
            Assert.Equal(radius * Math.Sin(angle), Philox.Normal(Draw, RandomPurpose.Noise, element + 1), 1e-6);
        }
    }

    [Fact]
    public void Extreme_words_give_finite_normals()
    {
        Assert.Equal(Math.Sqrt(64 * Math.Log(2)), Philox.Normals(0, 0).Cosine, 1e-6);
        Assert.Equal((0f, 0f), Philox.Normals(uint.MaxValue, 0));
    }
}
