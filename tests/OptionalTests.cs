using System.Reflection;
using Xunit.Sdk;

namespace EDA.Tests;

/// <summary>A skipped test outside the list of <see cref="OptionalNeeds"/> fails the run.</summary>
public class OptionalTests
{
    [Fact]
    public void Only_tests_with_a_listed_need_are_skipped()
    {
        var methods = typeof(OptionalTests).Assembly.GetTypes().SelectMany(type => type.GetMethods(
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly));
        Assert.Equal([], methods
            .Where(method => method.GetCustomAttributes().Any(SkipsWithoutNeed))
            .Select(method => $"{method.DeclaringType}.{method.Name}"));
    }

    [Fact]
    public void A_skip_is_seen_wherever_it_is_written()
    {
        // These are the very skips that the test above refuses, so that it is known to see them; no test has one of them.
        Assert.True(SkipsWithoutNeed(new FactAttribute { Skip = "later" }));
        Assert.True(SkipsWithoutNeed(new TheoryAttribute { Skip = "later" }));
        Assert.True(SkipsWithoutNeed(new InlineDataAttribute(1) { Skip = "later" }));
        Assert.True(SkipsWithoutNeed(new OptionalFactAttribute(OptionalNeeds.Libtorch) { Skip = "later" }));
        Assert.False(SkipsWithoutNeed(new FactAttribute()));
        Assert.All(OptionalNeeds.Names, need => Assert.False(SkipsWithoutNeed(new OptionalFactAttribute(need))));
        Assert.All(OptionalNeeds.Names, need => Assert.False(SkipsWithoutNeed(new OptionalTheoryAttribute(need))));
    }

    [Fact]
    public void An_unlisted_need_is_refused() =>
        Assert.Throws<ArgumentException>(() => OptionalNeeds.ReasonToSkip("good weather"));

    private static bool SkipsWithoutNeed(Attribute attribute) => attribute switch
    {
        IOptionalTest optional => ((FactAttribute)attribute).Skip != OptionalNeeds.ReasonToSkip(optional.Need),
        FactAttribute fact => fact.Skip is not null,
        DataAttribute data => data.Skip is not null,
        _ => false,
    };
}
